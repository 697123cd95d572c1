import type { PropertyState } from '../../contract/state.ts';
import type { StateReply } from '../../http/views.ts';
import { defineCommand, printJson, type CommandContext } from '../command.ts';
import { DaemonConnection, readConfig } from '../connection.ts';
import { propertyText, timeText, valueText } from '../format.ts';
import { statusStyle } from '../style.ts';
import { table } from '../table.ts';
import { clean } from '../text.ts';

export const stateCommand = defineCommand({
  args: {
    entity: { type: 'positional', required: false, description: 'only this one, such as light.hall' },
  },
  async run({ args, io, style }) {
    const daemon = new DaemonConnection(readConfig(io, args.config));
    const reply = await daemon.get<StateReply>('/v1/state', { entity: args.entity });
    if (args.json === true) printJson(io, reply);
    else if (args.entity === undefined) printHouse(reply, io);
    else printEntity(reply, io, style);
    return 0;
  },
});

function printHouse(reply: StateReply, io: CommandContext['io']): void {
  const wide = io.columns >= 110;
  const rows: string[][] = [];
  let silent = 0;
  for (const [id, entity] of Object.entries(reply.entities)) {
    const lines = summary(entity.properties, wide ? 60 : 38);
    if (lines.length === 0) silent++;
    for (const [i, line] of lines.entries()) {
      const first = i === 0;
      const name = wide ? [first ? entity.name : ''] : [];
      rows.push([first ? id : '', ...name, first ? (entity.area ?? '') : '', line]);
    }
  }
  if (rows.length > 0) {
    const longest = Math.max(...rows.map(([id]) => id!.length));
    const name = wide ? [{ title: 'NAME' }] : [];
    const columns = [
      { title: 'ENTITY', min: Math.min(longest, 32) },
      ...name,
      { title: 'AREA', min: 5 },
      { title: 'STATE', min: 16 },
    ];
    io.out(table(columns, rows, io.columns));
  } else io.out('No device has reported yet.\n');
  if (rows.length > 0 && silent > 0) {
    io.out(`\n${silent} more ${silent === 1 ? 'entity has' : 'entities have'} not reported yet.\n`);
  }
}

function printEntity(reply: StateReply, io: CommandContext['io'], style: CommandContext['style']): void {
  for (const [id, entity] of Object.entries(reply.entities)) {
    io.out(
      `${style.bold(clean(entity.name))}  ${clean(id)}${entity.area === undefined ? '' : `, ${clean(entity.area)}`}\n`,
    );
    const rows = Object.entries(entity.properties).map(([name, property]) => [
      name,
      valueText(property.value, property.unit),
      property.standing,
      timeText(property.at, io.clock.wall()),
    ]);
    if (rows.length === 0) io.out('It has not reported yet.\n');
    else {
      const standing = (padded: string, value: string): string => statusStyle(style, value)(padded);
      const columns = [
        { title: 'PROPERTY' },
        { title: 'VALUE' },
        { title: 'STANDING', style: standing },
        { title: 'AT' },
      ];
      io.out(table(columns, rows, io.columns));
    }
  }
}

/** `on, brightness 20 %`, broken into lines of about so many columns. */
function summary(properties: Readonly<Record<string, PropertyState>>, columns: number): string[] {
  const lines: string[] = [];
  const parts = Object.entries(properties)
    .toSorted(([a], [b]) => Number(b === 'state') - Number(a === 'state') || (a < b ? -1 : 1))
    .map(([name, property]) =>
      name === 'state' ? propertyText(property) : `${name} ${propertyText(property)}`,
    );
  for (const part of parts) {
    const last = lines.at(-1);
    if (last === undefined || last.length + part.length + 2 > columns) lines.push(part);
    else lines[lines.length - 1] = `${last}, ${part}`;
  }
  return lines;
}

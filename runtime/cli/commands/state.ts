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
  const rows = Object.entries(reply.entities)
    .filter(([, entity]) => Object.keys(entity.properties).length > 0)
    .map(([id, entity]) => [id, entity.name, entity.area ?? '', summary(entity.properties)]);
  const silent = Object.keys(reply.entities).length - rows.length;
  if (rows.length > 0) {
    const columns = [
      { title: 'ENTITY', min: 18 },
      { title: 'NAME' },
      { title: 'AREA' },
      { title: 'STATE', min: 22 },
    ];
    io.out(table(columns, rows, io.columns));
  }
  if (rows.length === 0) io.out('No device has reported yet.\n');
  else if (silent > 0)
    io.out(`\n${silent} more ${silent === 1 ? 'entity has' : 'entities have'} not reported yet.\n`);
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

/** `on, brightness 20 %`. */
function summary(properties: StateReply['entities'][`${string}.${string}`]['properties']): string {
  return Object.entries(properties)
    .toSorted(([a], [b]) => Number(b === 'state') - Number(a === 'state') || (a < b ? -1 : 1))
    .map(([name, property]) =>
      name === 'state' ? propertyText(property) : `${name} ${propertyText(property)}`,
    )
    .join(', ');
}

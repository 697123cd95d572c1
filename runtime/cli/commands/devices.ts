import type { DevicesReply } from '../../http/views.ts';
import { defineCommand, printJson } from '../command.ts';
import { DaemonConnection, readConfig } from '../connection.ts';
import { table } from '../table.ts';

export const devicesCommand = defineCommand({
  args: {},
  async run({ args, io }) {
    const reply = await new DaemonConnection(readConfig(io, args.config)).get<DevicesReply>('/v1/devices');
    if (args.json === true) {
      printJson(io, reply);
      return 0;
    }
    if (reply.devices.length === 0) {
      io.out(
        'No device is known yet. They appear when the broker announces them or house.yaml names them.\n',
      );
      return 0;
    }
    const rows = reply.devices.flatMap(({ device, entities }) =>
      entities.map((entity, i) => [
        i === 0 ? device : '',
        entity.id,
        entity.name,
        entity.area ?? '',
        entity.commands.length > 0 ? entity.commands.join(' ') : 'reports only',
      ]),
    );
    const columns = [
      { title: 'DEVICE', min: 12 },
      { title: 'ENTITY', min: Infinity },
      { title: 'NAME' },
      { title: 'AREA', min: 6 },
      { title: 'COMMANDS', min: 12 },
    ];
    io.out(table(columns, rows, io.columns));
    return 0;
  },
});

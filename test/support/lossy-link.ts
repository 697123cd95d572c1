import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/** A TCP link to a broker that can go deaf in one direction, as a radio link does, and break. */
export interface LossyLink {
  readonly url: string;
  /** From now on nothing that open connections send gets through, but for clients whose id contains `except`. */
  deafen(except: string): void;
  /** Breaks all connections; new ones work. */
  break(): void;
  stop(): Promise<void>;
}

export async function lossyLink(port: number): Promise<LossyLink> {
  const pairs = new Set<{ readonly client: Socket; readonly hello: () => string; deaf: boolean }>();
  const server = createServer((client) => {
    let hello = '';
    const broker = connect(port, '127.0.0.1');
    const pair = { client, hello: () => hello, deaf: false };
    pairs.add(pair);
    client.on('data', (data) => {
      if (hello === '') hello = data.toString('latin1');
      if (!pair.deaf) broker.write(data);
    });
    broker.on('data', (data) => client.write(data));
    const end = (): void => {
      pairs.delete(pair);
      client.destroy();
      broker.destroy();
    };
    for (const socket of [client, broker]) socket.on('error', end).on('close', end);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const breakAll = (): void => {
    for (const { client } of pairs) client.destroy();
  };
  return {
    url: `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`,
    deafen(except) {
      for (const pair of pairs) pair.deaf = !pair.hello().includes(except);
    },
    break: breakAll,
    async stop() {
      breakAll();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

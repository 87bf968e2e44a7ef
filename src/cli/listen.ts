import { InvalidArgumentError } from 'commander';

/** Where a server listens. */
export interface Listen {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
}

/** Parses HOST:PORT of an address to listen on, with brackets around an IPv6 host. */
export function parseListen(text: string): Listen {
  const match = /^(?:\[([0-9a-fA-F:]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host !== undefined && port <= 65_535) return { host, port };
  throw new InvalidArgumentError('give HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080');
}

import { once } from 'node:events';
import { isIP } from 'node:net';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { UsageError } from './exit-code.ts';

/** An option that names an address of this machine by its numbers. */
class OwnAddressOption extends Option {}

/** Makes such an option; {@link requireOwnAddresses} holds it against the machine. */
export function ownAddressOption(name: string, description: string): Option {
  return new OwnAddressOption(`${name} <address>`, description).argParser((text) => {
    if (isIP(text) > 0) return text;
    throw new InvalidArgumentError('give an IP address of this machine, such as 192.0.2.7');
  });
}

/**
 * Refuses an address that this machine does not have, before the command begins: each connection from there would fail,
 * and be tried again and again. Throws a {@link UsageError}.
 */
export async function requireOwnAddresses(command: Command): Promise<void> {
  const given = command.opts<Readonly<Record<string, unknown>>>();
  for (const option of command.options) {
    const address = given[option.attributeName()];
    if (option instanceof OwnAddressOption && typeof address === 'string')
      await requireOwn(option.long ?? option.flags, address);
  }
}

/** Takes an address for a moment: what the system refuses now it would refuse to every connection. */
async function requireOwn(name: string, address: string): Promise<void> {
  const { createSocket } = await import('node:dgram');
  const socket = createSocket(isIP(address) === 4 ? 'udp4' : 'udp6');
  try {
    const bound = once(socket, 'listening');
    socket.bind({ address, port: 0, exclusive: true });
    await bound;
  } catch (cause) {
    const { code = '' } = cause as NodeJS.ErrnoException;
    throw new UsageError(`${name} ${address}: this machine does not have that address (${code})`);
  } finally {
    socket.close();
  }
}

import { StatementError } from './errors.ts';

const CLUSTER_BITS = { v4: 24, v6: 32 } as const;

/**
 * The cluster of a declared network prefix: the /24 (IPv6: /32) it lies in, as `v4:7f0001` or `v6:20010db8`.
 * Prefixes are CIDR (`192.0.2.0/24`, `2001:db8::/32`), host bits zero, and no wider than a cluster.
 * Throws `bad-prefix`.
 */
export function clusterOfPrefix(text: string): string {
  const [address = '', lengthText = '', ...rest] = text.split('/');
  const bytes = parseIPv4(address) ?? parseIPv6(address);
  const length = Number(lengthText);
  if (bytes === undefined || rest.length > 0 || !/^(?:0|[1-9]\d{0,2})$/.test(lengthText)) {
    throw refusal(text, 'it is not <address>/<length>, such as 192.0.2.0/24 or 2001:db8::/32');
  }
  if (length > bytes.length * 8) throw refusal(text, `its length exceeds ${bytes.length * 8}`);
  if (hasHostBits(bytes, length)) throw refusal(text, 'bits after its length are set');
  const family = bytes.length === 4 ? 'v4' : 'v6';
  if (length < CLUSTER_BITS[family]) {
    throw refusal(
      text,
      `it is wider than /${CLUSTER_BITS[family]}: declare each /${CLUSTER_BITS[family]} on its own`,
    );
  }
  const cluster = bytes.slice(0, CLUSTER_BITS[family] / 8);
  return `${family}:${cluster.map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

/** Whether {@link clusterOfPrefix} takes a text. */
export function isNetworkPrefix(text: string): boolean {
  try {
    clusterOfPrefix(text);
    return true;
  } catch (error) {
    if (error instanceof StatementError) return false;
    throw error;
  }
}

function parseIPv4(address: string): number[] | undefined {
  if (!/^(?:(?:0|[1-9]\d{0,2})\.){3}(?:0|[1-9]\d{0,2})$/.test(address)) return undefined;
  const bytes = address.split('.').map(Number);
  return bytes.every((byte) => byte <= 255) ? bytes : undefined;
}

/** Lower-case hexadecimal groups with at most one `::`, which stands for at least two groups (RFC 5952 §4). */
function parseIPv6(address: string): number[] | undefined {
  const halves = address.split('::');
  if (halves.length > 2) return undefined;
  const groups = halves.map((half) => (half === '' ? [] : half.split(':')));
  if (!groups.flat().every((group) => /^(?:0|[1-9a-f][0-9a-f]{0,3})$/.test(group))) return undefined;
  const given = groups.flat().length;
  if (halves.length === 1 ? given !== 8 : given > 6) return undefined;
  const zeros = Array.from({ length: 8 - given }, () => '0');
  return [...(groups[0] ?? []), ...zeros, ...(groups[1] ?? [])].flatMap((group) => {
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}

function hasHostBits(bytes: readonly number[], length: number): boolean {
  return bytes.some((byte, index) => {
    const kept = Math.min(Math.max(length - index * 8, 0), 8);
    return (byte & (0xff >> kept)) !== 0;
  });
}

function refusal(text: string, why: string): StatementError {
  return new StatementError(
    'bad-prefix',
    `network prefix ${JSON.stringify(text.slice(0, 80))} is refused: ${why}`,
  );
}

import { ServiceError } from '../errors.ts';
import type { Probe } from './auditor.ts';

/** Probes seeders, from `localAddress` when it is given. */
export function probeFrom(localAddress: string | undefined): Probe {
  return async () => {
    throw new ServiceError('refused', `audits from ${localAddress ?? 'here'} wait for the engine`);
  };
}

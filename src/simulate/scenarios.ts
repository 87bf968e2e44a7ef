import { boughtFounders, poisoners } from './bribery.ts';
import { colluders } from './colluders.ts';
import { freeloaders } from './freeloaders.ts';
import { laptops } from './laptops.ts';
import { patient } from './patient.ts';
import type { Finding, Parameters } from './scenario.ts';
import { sybil } from './sybil.ts';
import { withholders } from './withholders.ts';

/** Every scenario by its name. */
export const SCENARIOS: Readonly<Record<string, (parameters: Parameters) => Finding>> = {
  sybil,
  patient,
  freeloaders,
  poisoners,
  founders: boughtFounders,
  colluders,
  laptops,
  withholders,
};

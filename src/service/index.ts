/** The tally as a service: entries in, tallies out, the tracker with its audits, the log's tiles, the dashboard. */
export { backupStoppedTally, restoreTally } from './backup.ts';
export { initTally } from './init.ts';
export { type RunningTally, type StartOptions, startTally } from './start.ts';

import { parentPort, workerData } from 'node:worker_threads';
import type { HashPlan } from './hash-plan.ts';
import { UnitError, UnitHasher } from './unit-hasher.ts';

/** What a hashing worker says, once, before it ends. */
export type WorkerReport =
  | { readonly done: true }
  | {
      readonly done: false;
      readonly fileIndex: number;
      readonly problem: 'changed' | 'unreadable';
      readonly reason: string;
    };

function hashAll(plan: HashPlan): WorkerReport {
  const hasher = new UnitHasher(plan);
  try {
    let more = true;
    while (more) more = hasher.hashNext();
    return { done: true };
  } catch (error) {
    if (!(error instanceof UnitError)) throw error;
    return { done: false, fileIndex: error.fileIndex, problem: error.problem, reason: error.message };
  }
}

parentPort?.postMessage(hashAll(workerData as HashPlan));

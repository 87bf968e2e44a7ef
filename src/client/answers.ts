import * as z from 'zod';

const hex32 = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().min(0);

/** What `POST /api/v1/entries` answers: where the entry stands in the log. */
export const receiptAnswer = z.object({ index: count, timeMs: count, leafHash: hex32 });
export type Receipt = z.output<typeof receiptAnswer>;

/** What this client reads of `GET /api/v1/releases/<digest>`; the count itself it does again. */
export const releaseAnswer = z.object({
  seeders: z.record(hex32, z.object({ live: count, reputable: count })),
  magnets: z.record(hex32, z.string().max(8192)),
});
export type ReleaseExtras = z.output<typeof releaseAnswer>;

/** An RFC 9457 problem document. */
export const problemAnswer = z.object({
  title: z.string().max(1000).default(''),
  detail: z.string().max(4000).default(''),
  code: z.string().max(100).default(''),
});

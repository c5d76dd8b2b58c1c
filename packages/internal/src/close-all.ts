/** Closes all of them, also if some cannot be closed. Rejects with the first failure once all have ended. */
export async function closeAll(parts: readonly ({ close(): unknown } | undefined)[]): Promise<void> {
  const ended = await Promise.allSettled(parts.map(async (part) => await part?.close()))
  for (const each of ended) if (each.status === 'rejected') throw each.reason
}

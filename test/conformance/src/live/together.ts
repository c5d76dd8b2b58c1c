const AT_ONCE = 16

/** Maps items with limited concurrency; the results are in order. */
export async function together<Each, Result>(
  all: readonly Each[],
  one: (each: Each) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = []
  const entries = all.entries()
  const work = async (): Promise<void> => {
    for (const [index, each] of entries) results[index] = await one(each)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return results
}

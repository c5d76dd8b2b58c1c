/**
 * The known name that was probably intended: the same in another spelling (`clientID`, `client_id`, `--client-id`), one that contains it or
 * is contained in it (`condition`, `oidcClientId`), or one that differs in few letters.
 */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  if (name.length > 64) return undefined
  const plain = plainOf(name)
  if (plain.length < 2) return undefined
  let nearest: string | undefined
  let least = Infinity
  for (const candidate of known) {
    const distance = likeness(plain, plainOf(candidate))
    if (distance < least) [nearest, least] = [candidate, distance]
  }
  return nearest
}

function plainOf(name: string): string {
  return name.replace(/[-_\s]/g, '').toLowerCase()
}

/** The distance between two names; `Infinity` if they are too different. */
function likeness(name: string, candidate: string): number {
  const edits = editDistance(name, candidate)
  const [short, long] = name.length < candidate.length ? [name, candidate] : [candidate, name]
  if (edits <= short.length / 3) return edits
  const isPart = short.length >= 4 && (long.startsWith(short) || long.endsWith(short))
  return isPart ? edits : Infinity
}

/** The Levenshtein distance: the minimum number of letters to insert, delete or replace. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let index = 0; index < from.length; index++) {
    const next = [index + 1]
    for (let column = 0; column < to.length; column++) {
      next.push(
        Math.min(
          (row[column] ?? 0) + (from[index] === to[column] ? 0 : 1),
          (row[column + 1] ?? 0) + 1,
          (next[column] ?? 0) + 1,
        ),
      )
    }
    row = next
  }
  return row[to.length] ?? 0
}

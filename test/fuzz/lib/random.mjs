// Random numbers that are the same in every run with the same seed (splitmix32 into xorshift128).

/** A source of random choices. @param text identifies the case. */
export function seeded(text) {
  let state = 0x9e3779b9
  for (const character of text)
    state = Math.imul(state ^ character.charCodeAt(0), 0x85ebca6b) ^ (state >>> 13)
  const word = () => {
    state = (state + 0x9e3779b9) | 0
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
    return (mixed ^ (mixed >>> 15)) >>> 0
  }
  const below = (limit) => Math.floor((word() / 2 ** 32) * limit)
  const pick = (list) => list[below(list.length)]
  return {
    below,
    pick,
    /** True with a probability of one in `n`. */
    oneIn: (times) => below(times) === 0,
    bytes: (length) => Uint8Array.from({ length }, () => below(256)),
    /** Some of a list, in any order. */
    some(list, share = 0.5) {
      const kept = list.filter(() => below(1000) < share * 1000)
      for (let index = kept.length - 1; index > 0; index--) {
        const other = below(index + 1)
        ;[kept[index], kept[other]] = [kept[other], kept[index]]
      }
      return kept
    },
    list: (length, make) => Array.from({ length }, (_, index) => make(index)),
  }
}

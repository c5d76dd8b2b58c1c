/** A cryptographically random number from 0 to below 1: the default of every `random` option. */
export function systemRandom(): number {
  const [word = 0] = crypto.getRandomValues(new Uint32Array(1))
  return word / 2 ** 32
}

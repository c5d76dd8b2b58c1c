/** A number from 0 to below 1 that nobody can guess: the default wherever randomness can be injected. */
export function systemRandom(): number {
  const [word = 0] = crypto.getRandomValues(new Uint32Array(1))
  return word / 2 ** 32
}

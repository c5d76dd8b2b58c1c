/** A `uint`: an unsigned integer of 64 bits. */
export class Uint {
  readonly value: bigint

  /** @param value from 0 to 2^64 - 1. */
  constructor(value: bigint) {
    this.value = value
  }
}

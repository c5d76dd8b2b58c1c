/** Whether two certificates, or parts of them, are the same. Nothing about them is secret, so time may tell. */
export function isSameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((octet, index) => octet === other[index])
}

/** Two lower-case digits for each octet, with the separator in between. */
export function hexOf(octets: Uint8Array, separator = ''): string {
  return Array.from(octets, (octet) => octet.toString(16).padStart(2, '0')).join(separator)
}

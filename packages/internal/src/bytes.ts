/** Whether two certificates, or parts of them, are equal. They are not secret, so the comparison need not take constant time. */
export function isSameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((octet, index) => octet === other[index])
}

/** Two lower-case hexadecimal digits for each octet, with the separator between octets. */
export function hexOf(octets: Uint8Array, separator = ''): string {
  return Array.from(octets, (octet) => octet.toString(16).padStart(2, '0')).join(separator)
}

/** IPv4 in IPv6 (RFC 4291 section 2.5.5.2), as servers that listen on both see it. */
const MAPPED = /^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i

/**
 * What counts as one peer: an IPv4 address, and of an IPv6 address its first 64 bits, since a client with one address of such a network usually
 * has them all (RFC 6177, RFC 4291 section 2.5.4).
 */
export function addressKey(address: string): string {
  if (!address.includes(':')) return address
  const mapped = address.replace(MAPPED, '')
  if (mapped !== address) return mapped
  const [head = '', tail] = address.split('%', 1).join('').toLowerCase().split('::', 2)
  const groups = groupsOf(head)
  if (tail !== undefined) {
    const after = groupsOf(tail)
    while (groups.length + after.length < GROUPS) groups.push('0')
    groups.push(...after)
  }
  return groups
    .slice(0, NETWORK_GROUPS)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')
}

const GROUPS = 8
const NETWORK_GROUPS = 4

function groupsOf(text: string): string[] {
  return text === '' ? [] : text.split(':')
}

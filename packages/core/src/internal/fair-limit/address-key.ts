/** An IPv4-mapped IPv6 address (RFC 4291 section 2.5.5.2), which servers that listen on both see. */
const MAPPED = /^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i

/** The key of one peer: an IPv4 address, or the first 64 bits of an IPv6 address, since a client with one address of such a network usually has all of them (RFC 6177, RFC 4291 section 2.5.4). */
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

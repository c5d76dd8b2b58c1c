/**
 * Maximum number of keys to try for one token. Each costs a verification, and attackers can send tokens without `kid` for free. No real
 * issuer signs without `kid` while it has more keys.
 */
export const MAX_CANDIDATES = 16

import { hmacSha256 as hmacOfPlatform, sha256 as sha256OfPlatform } from '#sha256'

/*
 * The digests of the platform under an ordinary name: Node takes a tenth of a millisecond to find what a name in `imports` of package.json stands for,
 * in each file of the bundle that has it.
 */

/** SHA-256 of bytes, or of a string in UTF-8: 32 characters, one per byte. */
export const sha256: typeof sha256OfPlatform = sha256OfPlatform

/** HMAC-SHA-256 (RFC 2104): 32 characters, one per byte. */
export const hmacSha256: typeof hmacOfPlatform = hmacOfPlatform

const GOOGLE = 'https://accounts.google.com'

/**
 * Normalises `iss`: Google uses two spellings of its issuer.
 *
 * Source: OpenID Connect Core 1.0 section 15.6.2.
 */
export function issuerNamed(iss: string): string {
  return `https://${iss}` === GOOGLE ? GOOGLE : iss
}

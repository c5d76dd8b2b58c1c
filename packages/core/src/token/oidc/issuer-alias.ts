const GOOGLE = 'https://accounts.google.com'

/**
 * Who a token says it is from. Google says its name in two ways.
 *
 * Source: OpenID Connect Core 1.0 section 15.6.2.
 */
export function issuerNamed(iss: string): string {
  return `https://${iss}` === GOOGLE ? GOOGLE : iss
}

import type { RequestHandler } from 'express'

/**
 * The headers of every page: only our own files run, nothing is kept by the browser or shown in a frame.
 *
 * @param issuer where the form of the logout ends, after a redirect.
 */
export function pageHeaders(issuer: string): RequestHandler {
  const policy = [
    `default-src 'none'`,
    `script-src 'self'`,
    `style-src 'self'`,
    `connect-src 'self'`,
    `img-src 'self'`,
    `form-action 'self' ${new URL(issuer).origin}`,
    `base-uri 'none'`,
    `frame-ancestors 'none'`,
  ].join('; ')
  return function headersOfPage(_req, res, next) {
    res.set({
      'Content-Security-Policy': policy,
      'Cache-Control': 'no-store',
      'Referrer-Policy': 'same-origin',
      'X-Content-Type-Options': 'nosniff',
      'Cross-Origin-Opener-Policy': 'same-origin',
    })
    next()
  }
}

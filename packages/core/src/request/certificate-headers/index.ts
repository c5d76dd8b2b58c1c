/**
 * Client certificates that a TLS-terminating proxy or Cloudflare received.
 *
 * @module
 */
export { certificateHeaders, type CertificateHeadersOptions, type ProxyTrust } from './certificate-headers.ts'
export { cloudflareCertificates } from './cloudflare-certificates.ts'
export { cloudflareClientCertificate } from './cloudflare-client-certificate.ts'

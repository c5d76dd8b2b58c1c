export { clientCertificate } from './client-certificate.ts'

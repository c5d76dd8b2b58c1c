/**
 * A test kit: an issuer, a certificate authority, users, authenticators, webhooks and a clock.
 *
 * @module
 */
export { always, fails, knownTokens, later, noOpinion } from './answers.ts'
export {
  fakeAuthenticator,
  fakePasswordAuthenticator,
  fakeTokenAuthenticator,
} from './fake-authenticators.ts'
export { fakeRequest } from './fake-request.ts'
export { fakeUser } from './fake-user.ts'
export { fixedClock, type FixedClock } from './fixed-clock.ts'
export { createIssuer } from './issuer/create-issuer.ts'
export type { Issuer } from './issuer/issuer.ts'
export type { CertificateAuthority, IssuedCredential } from './pki/certificate-authority.ts'
export { createPki } from './pki/pki.ts'
export { type RecordedEvents, recordEvents } from './record-events.ts'
export { createServiceAccounts, type ServiceAccounts } from './service-accounts/service-accounts.ts'
export type { FakeService } from './service/fake-service.ts'
export { fetchFrom } from './service/fetch-from.ts'
export {
  fakeTokenReviewWebhook,
  type FakeTokenReviewWebhook,
} from './token-review/fake-token-review-webhook.ts'

export { always, type Answer, fails, knownTokens, later, noOpinion } from './answers.ts'
export {
  fakeAuthenticator,
  type FakeAuthenticator,
  type FakeAuthenticatorOptions,
  fakePasswordAuthenticator,
  type FakePasswordAuthenticator,
  type FakePasswordAuthenticatorOptions,
  fakeTokenAuthenticator,
  type FakeTokenAuthenticator,
  type FakeTokenAuthenticatorOptions,
} from './fake-authenticators.ts'
export { fakeRequest, type FakeRequestInit } from './fake-request.ts'
export { fakeUser } from './fake-user.ts'
export { fixedClock, type FixedClock } from './fixed-clock.ts'
export {
  createIssuer,
  type DistributedClaims,
  type DistributedClaimsOptions,
  type Issuer,
  type IssuerAlgorithm,
  type IssuerKey,
  type IssuerOptions,
  type RotateOptions,
  type SignOptions,
} from './issuer/issuer.ts'
export {
  type CertificateAuthority,
  type CertificateFault,
  type CertificateOptions,
  type ClientCertificateOptions,
  createPki,
  type IntermediateOptions,
  type IssuedCredential,
  type KeyAlgorithm,
  type LeafCertificateOptions,
  type PkiOptions,
  type ServerCertificateOptions,
} from './pki/pki.ts'
export { recordEvents, type RecordedEvents } from './record-events.ts'
export {
  createServiceAccounts,
  type ServiceAccounts,
  type ServiceAccountsOptions,
  type ServiceAccountTokenInit,
} from './service-accounts/service-accounts.ts'
export type { FakeService, ReceivedRequest } from './service/fake-service.ts'
export { type FakeFetch, fetchFrom } from './service/fetch-from.ts'
export type { Outage, OutageStatus } from './service/outage.ts'
export {
  fakeTokenReviewWebhook,
  type FakeTokenReviewWebhook,
  type FakeTokenReviewWebhookOptions,
} from './token-review/fake-token-review-webhook.ts'
export type { ReceivedReview, TokenReviewVersion } from './token-review/read-review.ts'

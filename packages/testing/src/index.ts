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
export { createIssuer } from './issuer/create-issuer.ts'
export type {
  DistributedClaims,
  DistributedClaimsOptions,
  Issuer,
  IssuerAlgorithm,
  IssuerKey,
  IssuerOptions,
  RotateOptions,
  SignOptions,
} from './issuer/issuer.ts'
export type {
  CertificateAuthority,
  CertificateFault,
  CertificateOptions,
  ClientCertificateOptions,
  IntermediateOptions,
  IssuedCredential,
  KeyAlgorithm,
  LeafCertificateOptions,
  PkiOptions,
  ServerCertificateOptions,
} from './pki/certificate-authority.ts'
export { createPki } from './pki/pki.ts'
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

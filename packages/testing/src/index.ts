/** A test kit: an issuer, a certificate authority, users, authenticators, webhooks and a clock. @module */
export { always, fails, knownTokens, later, noOpinion } from './answers.ts'
export { createDpopClient, type DpopClient, type DpopClientOptions, type DpopRequest } from './dpop-client.ts'
export {
  fakeAuthenticator,
  type FakeAuthenticatorOptions,
  fakePasswordAuthenticator,
  type FakePasswordAuthenticatorOptions,
  fakeTokenAuthenticator,
  type FakeTokenAuthenticatorOptions,
} from './fake-authenticators.ts'
export { fakeRequest, type FakeRequestInit } from './fake-request.ts'
export { fakeUser } from './fake-user.ts'
export { fixedClock, type FixedClock } from './fixed-clock.ts'
export { createIssuer } from './issuer/create-issuer.ts'
export type {
  DistributedClaimsOptions,
  Issuer,
  IssuerOptions,
  RotateOptions,
  SignOptions,
} from './issuer/issuer.ts'
export type {
  CertificateAuthority,
  ClientCertificateOptions,
  IntermediateOptions,
  IssuedCredential,
  PkiOptions,
  ServerCertificateOptions,
} from './pki/certificate-authority.ts'
export { createPki } from './pki/pki.ts'
export { type RecordedEvents, recordEvents } from './record-events.ts'
export {
  createServiceAccounts,
  type ServiceAccounts,
  type ServiceAccountsOptions,
  type ServiceAccountTokenInit,
} from './service-accounts/service-accounts.ts'
export type { FakeService } from './service/fake-service.ts'
export { fetchFrom } from './service/fake-service.ts'
export {
  fakeTokenReviewWebhook,
  type FakeTokenReviewWebhook,
  type FakeTokenReviewWebhookOptions,
} from './token-review/fake-token-review-webhook.ts'

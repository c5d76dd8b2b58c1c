import { ANOTHER_SITE, CROSS_SITE_REMEDY } from '../request/cross-site/ambient-credential.ts'

/** What to do about a reason, by the messages of the authenticators of this suite. */
const REMEDIES: readonly (readonly [reason: RegExp, remedy: string])[] = [
  [
    /expected audience|for the target audiences/,
    'Request a token for an expected audience, or add the audience of the token to the option audience (in an AuthenticationConfiguration: issuer.audiences).',
  ],
  [
    /audiences of this server/,
    'Request a token for one of these audiences, or add its audience to the option audiences.',
  ],
  [new RegExp(ANOTHER_SITE), CROSS_SITE_REMEDY],
  [
    /has been revoked/,
    'Log in again for a new credential; if it was revoked by mistake, take the revocation back (kubectl get credentialrevocations).',
  ],
  [
    /is expired|has expired/,
    'Get a new token; if this one should still be valid, compare the clocks of the issuer and of this server.',
  ],
  [/not before|not valid yet|issued in the future/, 'Compare the clocks of the issuer and of this server.'],
  [
    /unsupported algorithm/,
    'Let the issuer sign with an expected algorithm, or add the one it uses to the option signingAlgorithms.',
  ],
  [
    /signature/,
    'No published key of the issuer signed it: check that the token was copied completely, and that its issuer is the one that signed it.',
  ],
  [/malformed jwt/, 'Check that the token was copied completely.'],
  [
    /email not verified/,
    'Let the issuer verify the address, or take the username from another claim, such as sub.',
  ],
  [
    /parse username claims|username claim|username via CEL/,
    'Let the issuer add that claim, or choose another one in claimMappings.username.',
  ],
  [
    /parse groups claim/,
    'Let the issuer send a string or a list of strings, or choose another claim in claimMappings.groups.',
  ],
  [/required claim/, 'Let the issuer add that claim, or change claimValidationRules.'],
  [
    /validation expression|validation rule|userValidation/,
    'Change the rule, or what the issuer puts into the token.',
  ],
  [
    /requires DPoP|no proof of that key/,
    'Send the token as "Authorization: DPoP TOKEN" with a proof in the header DPoP, to a chain with the option dpop.',
  ],
  [
    /htu of the proof/,
    'Let the client make a proof for the URL of its request, and name the URLs that clients have for this server in the option baseUrls of dpop.',
  ],
  [
    /proof is too old|from the future/,
    'Compare the clocks of the client and of this server; proofTtlSeconds says how far they may be apart.',
  ],
  [
    /^dpop: the token is not bound/,
    'Send a token with jkt in the claim cnf, to an authenticator that checks it (oidc, introspection); send others as Bearer.',
  ],
  [
    /^dpop: /,
    'Let the client make a new proof for each request, with the key that its token is bound to (RFC 9449 section 4.2).',
  ],
  [
    /bound to a key|claim cnf/,
    'Send a token that is not bound to a key, or over a connection with its certificate.',
  ],
  [
    /username\/password combination/,
    'Check the name and the password; the columns of a password file are password,username,uid.',
  ],
  [
    /unknown authority/,
    'Add the CA that signed the certificate to clientCAFile, or use a certificate of a CA in it.',
  ],
  [
    /certificate has expired or is not yet valid/,
    'Renew the certificate; if it should be valid, compare the clocks.',
  ],
  [/incompatible key usage/, 'Issue the certificate with the extended key usage clientAuth.'],
  [/is not in the allowed list/, 'Add the common name of the proxy to allowedNames.'],
  [/could be mistaken for/, 'Let the proxy remove that header from requests of clients.'],
  [
    /service ?account/i,
    'Check that the service account and what the token is bound to still exist, and get a new token.',
  ],
]

/** What to do about an outage. */
const OUTAGES: readonly (readonly [reason: RegExp, remedy: string])[] = [
  [
    /fail(?:ed|s) unexpectedly/,
    'That is a fault in an authenticator, not in the credential: the cause of the error that onFailure receives is what it threw.',
  ],
  [
    /self.signed|certificate|UNABLE_TO_/i,
    'This server does not trust the certificate of that server: name its CA in caFile.',
  ],
  [/too many|too busy|busy/, 'The limit on concurrent checks is reached: clients may try again.'],
  [
    /not initialized|fetching keys|issuer/,
    'The credential may be valid. Try curl on the discovery document of the issuer from this machine.',
  ],
]

/** @param isOutage whether the credential could not be checked. */
export function remedyFor(reason: string, isOutage: boolean): string {
  const table = isOutage ? OUTAGES : REMEDIES
  const found = table.find(([pattern]) => pattern.test(reason))
  if (found !== undefined) return found[1]
  return isOutage
    ? 'The credential may be valid: fix the cause, and send it again.'
    : 'Correct that, or send another credential.'
}

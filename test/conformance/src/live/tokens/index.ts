import type { LiveArea } from '../live-area.ts'
import { expressions } from './cel.ts'
import { configurations } from './configurations.ts'
import { keySets } from './jwks.ts'
import { oidcFlags } from './oidc-flags.ts'
import { oidcTokens } from './oidc.ts'
import { serviceAccounts } from './service-accounts.ts'
import { tokenRequests } from './token-requests.ts'
import { webhook } from './webhook.ts'

export const tokenAreas: readonly LiveArea[] = [
  ...oidcTokens,
  oidcFlags,
  keySets,
  serviceAccounts,
  tokenRequests,
  webhook,
  configurations,
  expressions,
]

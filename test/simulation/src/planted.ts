import { plantedInApps } from './planted-in-apps.ts'
import { plantedInCopies } from './planted-in-copies.ts'
import { plantedInRegistry } from './planted-in-registry.ts'
import { plantedInRevocations } from './planted-in-revocations.ts'
import { plantedInRoles } from './planted-in-roles.ts'
import { plantedInSealedSessions } from './planted-in-sealed-sessions.ts'
import { plantedInSessions } from './planted-in-sessions.ts'
import { plantedInStores } from './planted-in-stores.ts'
import type { Replaced } from './patched-sources.ts'
import type { SimulationOptions } from './simulation.ts'
import type { Invariant } from './violation.ts'

/** A fault that the simulation must find: in the store, or in the packages. */
export type Planted = {
  readonly name: string
  /** Which of the invariants may be the first that it violates. */
  readonly violates: readonly Invariant[]
} & ({ readonly spoil: NonNullable<SimulationOptions['spoil']> } | { readonly replaced: Replaced })

/** All of them. */
export const planted: readonly Planted[] = [
  ...plantedInStores,
  ...plantedInRegistry,
  ...plantedInCopies,
  ...plantedInRevocations,
  ...plantedInRoles,
  ...plantedInSessions,
  ...plantedInSealedSessions,
  ...plantedInApps,
]

import type { ServerExplanation } from './explain-sequence.ts'
import { explainedForm } from './explained-form.ts'
import { explainedObjects } from './explained-objects.ts'
import { explainedOwners } from './explained-owners.ts'
import { explainedPaths } from './explained-paths.ts'
import { explainedPlainKinds } from './explained-plain-kinds.ts'
import { explainedRefusals } from './explained-refusals.ts'
import { explainedReviews } from './explained-reviews.ts'

/** Why answers of the API server differ. The first that explains a difference counts. */
export const explainedAnswers: readonly ServerExplanation[] = [
  ...explainedForm,
  ...explainedOwners,
  ...explainedPlainKinds,
  ...explainedRefusals,
  ...explainedPaths,
  ...explainedReviews,
  ...explainedObjects,
]

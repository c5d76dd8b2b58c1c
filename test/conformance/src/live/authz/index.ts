import type { LiveArea } from '../live-area.ts'
import { accessReviews } from './access-reviews.ts'
import { aggregations } from './aggregations.ts'
import { manifests } from './manifests.ts'
import { ownReviews } from './own-reviews.ts'

export const authzAreas: readonly LiveArea[] = [accessReviews, ownReviews, manifests, aggregations]

import type { LiveArea } from '../live-area.ts'
import { http1 } from './http1.ts'

export const authnAreas: readonly LiveArea[] = [http1]

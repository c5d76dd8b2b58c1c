import type { LiveArea } from '../live-area.ts'
import { certificates, http1 } from './http1.ts'
import { http2 } from './http2.ts'
import { start } from './start.ts'

export const authnAreas: readonly LiveArea[] = [http1, certificates, http2, start]

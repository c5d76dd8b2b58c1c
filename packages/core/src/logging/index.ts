export { writeEvent } from '../internal/log/news.ts'
export { writeAppWarning } from '../internal/log/app-warnings.ts'
export { writeRefusal } from './write-refusal.ts'
export { writeFailure } from '../internal/log/write-failure.ts'

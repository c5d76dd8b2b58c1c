import { celRows } from './cel.mjs'
import { fileRows } from './files.mjs'
import { rbacRows } from './rbac.mjs'
import { requestRows } from './requests.mjs'
import { startRows } from './start.mjs'

/** All rows, in the order of the table. */
export const rows = [...requestRows, ...rbacRows, ...celRows, ...fileRows, ...startRows]

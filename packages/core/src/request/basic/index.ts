export { basic, type BasicOptions } from './basic.ts'

// The whole of undici takes three times as long to load as its pool of connections, in each function that is started anew.
// Its parts have no types of their own.
declare module 'undici/lib/dispatcher/pool.js' {
  export { Pool as default } from 'undici';
}
declare module 'undici/lib/core/errors.js' {
  import { errors } from 'undici';
  export default errors;
}

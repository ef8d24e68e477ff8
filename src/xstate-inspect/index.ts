/**
 * Shows machines of XState 5 to viewers that speak the protocol of `@xstate/inspect` 0.8, which was made for XState 4.
 * The XState 4 that it needs is built into it, so it can stand beside any other.
 */
export { createSession, type Outlet, type Service, type Session } from './session.ts';

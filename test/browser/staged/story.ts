/** Half a working day of a town that builds a web shop: what is there to be done, and what becomes of it. */
import type { PolicyPatch } from '../../../machines/policy.ts';
import type { RigConfig } from '../../../machines/vocabulary.ts';
import type { BeadInput } from '../../../src/town/api.ts';
import { MINUTE } from '../../town/world.ts';
import { BEAT_MS, type Parts, type Turn } from './hands.ts';

const rig = (path: string): RigConfig => ({
  ...{ path, branch: 'main', argv: ['agent'], promptBy: 'stdin', test: ['npm', 'test'], merge: true },
  ...{ env: {}, secrets: {} },
});

export const rigs: Readonly<Record<string, RigConfig>> = { shop: rig('/srv/shop'), docs: rig('/srv/docs') };

export const agents = [
  ...['alder', 'birch', 'cedar', 'elm', 'fir', 'hazel', 'juniper', 'larch', 'maple', 'oak', 'rowan'].map((id) => ({
    id,
    rig: 'shop',
  })),
  { id: 'willow', rig: 'docs' },
];

export const policy: PolicyPatch = {
  ...{ heartbeatMs: BEAT_MS, leaseMs: 2.5 * BEAT_MS, jitter: 0, breakerFailures: 8, breakerCoolMs: 14 * MINUTE },
  ...{
    breakerRatio: 0.4,
    cooldownMs: 6 * 60 * MINUTE,
    suspectMs: 15 * MINUTE,
    wedgeMs: 60 * MINUTE,
    healthMs: 2 * MINUTE,
  },
  backoffMs: [MINUTE, 2 * MINUTE, 4 * MINUTE, 8 * MINUTE],
};

const bead = (id: string, title: string, ...dependsOn: string[]): BeadInput => ({ id, title, dependsOn, rig: 'shop' });

/** By minute of the story. */
export const backlog: readonly { readonly atMinute: number; readonly beads: readonly BeadInput[] }[] = [
  {
    atMinute: 0,
    beads: [
      bead('orders-v2', 'Move orders to schema v2'),
      bead('flaky-retry', 'Mend the flaky retry test'),
      bead('login-limit', 'Limit failed logins'),
      bead('keyset-pages', 'Page the order list by key', 'orders-v2'),
      bead('drop-legacy', 'Drop the legacy columns', 'orders-v2'),
      bead('csv-export', 'Export orders as CSV', 'keyset-pages'),
      bead('bulk-edit', 'Edit many orders at once', 'keyset-pages'),
      bead('refunds', 'Refund single lines of an order', 'drop-legacy'),
      bead('audit-trail', 'Keep an audit trail of orders', 'csv-export', 'refunds'),
      { ...bead('release-notes', 'Write the release notes', 'audit-trail', 'bulk-edit'), rig: 'docs' },
    ],
  },
  {
    atMinute: 20,
    beads: [
      bead('tax-rounding', 'Round taxes on every line'),
      bead('vat-numbers', 'Check VAT numbers', 'tax-rounding'),
      bead('sitemap', 'Write a sitemap'),
      bead('currency', 'Let customers choose a currency'),
      bead('old-importer', 'Import orders of the old shop'),
      { ...bead('dark-theme', 'A dark theme'), held: true },
      { ...bead('api-guide', 'A guide to the API'), rig: 'docs' },
    ],
  },
  {
    atMinute: 190,
    beads: [
      bead('image-upload', 'Resize images that are uploaded'),
      bead('search-index', 'Build the search index by itself'),
      bead('price-cache', 'Cache the prices of a cart'),
    ],
  },
  {
    atMinute: 218,
    beads: [bead('invoices', 'Invoices as PDF')],
  },
  {
    atMinute: 236,
    beads: [
      bead('webhooks', 'Sign webhooks'),
      bead('stock-alerts', 'Tell when something is sold out'),
      bead('gift-cards', 'Sell gift cards'),
      bead('address-book', 'Keep more than one address'),
    ],
  },
  {
    atMinute: 239,
    beads: [
      bead('wish-list', 'Keep a wish list'),
      bead('coupons', 'Take coupons'),
      bead('size-table', 'A table of sizes'),
      bead('newsletter', 'Leave the newsletter with one click'),
    ],
  },
];
/** How long the story is. */
export const STORY_MINUTES = 241;

const full: Turn = { kind: 'refused', reason: '503: no container has room' };
const crash: Turn = { kind: 'runs', minutes: 9, end: 'crash' };
const runs = (minutes: number, says: string): Turn => ({ kind: 'runs', minutes, end: 'done', says });

export const parts: Parts = {
  'orders-v2': { turns: [runs(14, 'the migration runs both ways')] },
  'flaky-retry': { turns: [crash, runs(16, 'the clock was real; now it is given')] },
  'login-limit': { turns: [{ kind: 'refused', reason: '503: no container has room' }, runs(11, 'tests pass')] },
  'keyset-pages': { turns: [{ kind: 'runs', minutes: 8, end: 'nothing' }, runs(35, 'the order list pages by key')] },
  'drop-legacy': {
    turns: [runs(22, 'two reports still read them'), runs(18, 'the reports read the new ones')],
    merges: [{ kind: 'tests_failed', code: 1, tail: 'report totals: expected 318, received 0' }],
  },
  'csv-export': { turns: [{ kind: 'runs', says: 'writing the tests for quoted fields' }] },
  'bulk-edit': { turns: [{ kind: 'runs', quiet: true }] },
  refunds: { turns: [runs(176, 'refunds round as invoices do')], merges: ['never'] },
  'tax-rounding': { turns: [crash] },
  currency: {
    turns: [
      { kind: 'runs', minutes: 14, end: 'asks', says: 'Whose exchange rates: the bank, or the payment service?' },
    ],
  },
  'old-importer': {
    turns: [{ kind: 'runs', minutes: 10, end: 'impossible', says: 'the old shop has no export of its orders' }],
  },
  'image-upload': { turns: [full] },
  'search-index': { turns: [{ kind: 'silent' }] },
  'price-cache': { turns: [{ kind: 'runs', says: 'measuring the cart with 500 lines' }] },
  invoices: { turns: [{ kind: 'runs', quiet: true }] },
  webhooks: { turns: [full] },
  'stock-alerts': { turns: [full] },
  'gift-cards': { turns: [full] },
  'address-book': { turns: [{ kind: 'unanswered' }] },
};

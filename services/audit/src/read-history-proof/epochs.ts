import type { PoolClient } from 'pg';
import { type HeadsLeaf, readHeadsLeaf } from '../completeness/heads-leaf.js';

/** An epoch of heads that is in the log. */
export interface Epoch {
  /** Index of its leaf. */
  leaf: number;
  content: string;
  heads: HeadsLeaf;
}

const NEWEST = `select l.leaf, l.content from audit.heads h join audit.heads_leaf l on l.epoch = h.epoch
  where h.leaf is null`;

/** The one that the map is of; undefined while its leaf waits for the log, and before the first. */
export async function newestEpoch(client: PoolClient): Promise<Epoch | undefined> {
  return read((await client.query<{ leaf: string; content: string }>(NEWEST)).rows[0]);
}

export async function epochAt(client: PoolClient, epoch: number): Promise<Epoch | undefined> {
  const found = 'select leaf, content from audit.heads_leaf where epoch = $1';
  return read((await client.query<{ leaf: string; content: string }>(found, [epoch])).rows[0]);
}

function read(row: { leaf: string; content: string } | undefined): Epoch | undefined {
  const heads = row && readHeadsLeaf(row.content);
  return heads && { leaf: Number(row.leaf), content: row.content, heads };
}

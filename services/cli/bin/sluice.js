#!/usr/bin/env node
// Checked in, so that npm can link it before anything is built.
import '../dist/main.js';

//! Every way a connection can fail, each with its own error.

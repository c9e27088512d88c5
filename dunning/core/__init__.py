"""Words everybody uses: errors, days, money, closed lists, and the frames of a snapshot."""

"""Pure rules: from frames of facts to stages, reasons and proposals. Nothing here touches the world."""

def einheit(): return "Å"

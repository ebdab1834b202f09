# Row 43: a Master of our priority or more cancels the delay; the next weaker one starts it anew.
instance V1 eth0 vrid=51 prio=100 addr=10.0.0.100 delay=5
@0 < link eth0 index=2 up ip=10.0.0.1
@0 < start
> arm V1 MasterDown @3.609375
> tell (V1) INIT -> BACKUP: starting
@1 < advert prio=50
> arm V1 PreemptDelay @6
@2 < advert prio=200
> disarm V1 PreemptDelay
@3 < advert prio=50
> arm V1 PreemptDelay @8
@3.609375 * V1 MasterDown
> arm V1 MasterDown @6.609375
@6.609375 * V1 MasterDown
> advertise V1 prio=100 rev=1
> claim V1 repeat=5
> disarm V1 PreemptDelay
> arm V1 Advert @7.609375
> arm V1 SecondBurst @11.609375
> tell (V1) BACKUP -> MASTER: no advert for 3.609375 s
@7.5 < advert prio=50
> advertise V1 prio=100 rev=1
> announce V1 repeat=5
> arm V1 Advert @8.5
> arm V1 LowerPrioBurst @12.5
> note (V1): 10.0.0.2 is MASTER too, with lower priority 50
@8.5 < advert prio=50
> advertise V1 prio=100 rev=1
> announce V1 repeat=5
> arm V1 Advert @9.5
> note (V1): 10.0.0.2 is MASTER too, with lower priority 50
@9.5 * V1 Advert
> advertise V1 prio=100 rev=1
> arm V1 Advert @10.5
@10.5 * V1 Advert
> advertise V1 prio=100 rev=1
> arm V1 Advert @11.5
@11.2 < wait
